# fr2:72 optimizing: died: died (-11): exit -11

